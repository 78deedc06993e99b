export type Nanoseconds = number;
