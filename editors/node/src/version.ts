// The version of this package. A constant, because a bundler does not take the manifest along.

export const version = '0.1.0';
