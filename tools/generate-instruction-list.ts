// Writes docs/instructions.md: node build/js/tools/generate-instruction-list.js

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instructionList } from './instruction-list.ts';

writeFileSync(join(import.meta.dirname, '../../../docs/instructions.md'), instructionList());
