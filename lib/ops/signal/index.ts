// The namespace signal: what PyTorch has in torch.signal.
export * as windows from './windows.js';
