// Places where tests make the process die: TAILRACE_FAULT_POINT=name:count kills it at the count-th
// passing.
//
// Compiled in always, so that what is tested is what ships; without the variable a point costs one
// load.
#pragma once

#include <string_view>

namespace tailrace::storage {

void fault_point(std::string_view name);

}  // namespace tailrace::storage
