export { Profile, profile } from './profile.js';
export type { OpProfile, ProfileOptions, ProfileTableOptions } from './profile.js';
