/* Says the library's version: it was found, linked and loaded. */
#include <maxim.h>

#include <stdio.h>

int main(void) {
    return puts(maxim_version()) < 0;
}
