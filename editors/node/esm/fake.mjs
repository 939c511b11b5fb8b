export { FakeStore } from '../dist/fake.js';
