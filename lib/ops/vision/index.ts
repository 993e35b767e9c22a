// The namespace vision: what PyTorch has in torchvision.ops.
export { boxIou, nms } from './boxes.js';
export { roiAlign } from './roi-align.js';
export type { RoiAlignOptions } from './roi-align.js';
