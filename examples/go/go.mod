module examples

go 1.24

require libmaxim/maxim v0.0.0

replace libmaxim/maxim => ../../bindings/go
