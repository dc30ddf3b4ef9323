// Rows by key: parts through their filters and fences, the tail through hashes.
#pragma once

#include "storage/collection.hpp"

namespace tailrace::storage {

// As Store::lookup, on these contents.
Batch lookup(const Collection& collection, const Collection::Contents& contents, const Batch& keys,
             Timestamp time);

}  // namespace tailrace::storage
