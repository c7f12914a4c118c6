// Says the library's version: it was found, linked and loaded.
#include <maxim/maxim.hpp>

#include <cstdio>

int main() {
    return std::puts(maxim::version().data()) < 0;
}
