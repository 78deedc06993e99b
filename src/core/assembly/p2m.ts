// skeleton
export {};
