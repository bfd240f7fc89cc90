import { z } from 'zod';

// Must be the first import of the program: zod compiles parsers with `new Function` unless told otherwise before the
// first schema is made, and the page's Content-Security-Policy reports even the attempt.
z.config({ jitless: true });
