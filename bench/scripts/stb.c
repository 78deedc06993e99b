// What gcc compiles: about two thousand lines of a library of arrays and hash maps.
#define STB_DS_IMPLEMENTATION
#include "stb_ds.h"
