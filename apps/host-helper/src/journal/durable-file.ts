export { writeDurably } from '@viw/runtime';
