module libmaxim/maxim

go 1.24
