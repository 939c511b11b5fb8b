export * from '../dist/fake.js';
