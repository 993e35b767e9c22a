import { Handle, type Backend } from '../../lib/backend/backend.js';
import { createReferenceBackend } from '../../lib/backend/reference/index.js';

class ReferenceTensor extends Handle {}

/** The TypeScript backend beside the current one, with a tensor class of its own. */
export const reference: Backend<ReferenceTensor> = createReferenceBackend<ReferenceTensor>({
  newTensor: () => new ReferenceTensor(),
  compositeVjp: (op) => {
    throw new Error(`the reference backend has no fused op ${op}`);
  },
});
