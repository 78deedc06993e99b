// Arithmetic across the elements of vectors. SDM volume 2 "ADDSUBPS", "HADDPS", "HSUBPS", "DPPS", …

import { binary, binaryImmediate, routine } from './float-forms.ts';

export const horizontal = [
  binary('haddpd', 'sse3', '66 0f 7c /r Vx Wx [aligned]', routine('horizontalAddDouble')),
  binary('haddps', 'sse3', 'f2 0f 7c /r Vx Wx [aligned]', routine('horizontalAddSingle')),
  binary('hsubpd', 'sse3', '66 0f 7d /r Vx Wx [aligned]', routine('horizontalSubtractDouble')),
  binary('hsubps', 'sse3', 'f2 0f 7d /r Vx Wx [aligned]', routine('horizontalSubtractSingle')),
  binary('addsubpd', 'sse3', '66 0f d0 /r Vx Wx [aligned]', routine('addSubtractDouble')),
  binary('addsubps', 'sse3', 'f2 0f d0 /r Vx Wx [aligned]', routine('addSubtractSingle')),
  binaryImmediate('dpps', 'sse4.1', '66 0f 3a 40 /r Vx Wx Ib [aligned]', routine('dotProductSingle')),
  binaryImmediate('dppd', 'sse4.1', '66 0f 3a 41 /r Vx Wx Ib [aligned]', routine('dotProductDouble')),
];
