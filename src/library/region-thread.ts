// The thread that compiles regions beside the guests of a process.

import { answerQuestions } from '../host/node/background-thread.ts';
import { compileEagerly } from '../translate/region/compile-batch.ts';

answerQuestions(compileEagerly);
