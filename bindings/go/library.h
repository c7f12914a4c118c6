/* The library's header, or why it is not there. */
#ifndef MAXIM_GO_LIBRARY_H
#define MAXIM_GO_LIBRARY_H

#if defined(__has_include)
#if !__has_include(<maxim.h>)
#error "maxim.h is not found: go mod vendor copies Go files only, so a vendored module needs an installed libmaxim. Build with: go build -tags maxim_dynamic (pkg-config must find maxim.pc)"
#endif
#endif

/* The old names are bound too; Go marks them itself. */
#define MAXIM_DEPRECATED(note)
#include <maxim.h>

#endif /* MAXIM_GO_LIBRARY_H */
