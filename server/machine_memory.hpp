// How much memory this process may count on.
#pragma once

#include <cstddef>

namespace tailrace::server {

// Bytes of physical memory, or of the control group's limit (version 2 or 1) where that is less.
std::size_t machine_memory_bytes();

}  // namespace tailrace::server
