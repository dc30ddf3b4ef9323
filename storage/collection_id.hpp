// Names of collections in storage. Given out by the catalog; never used again after a drop.
#pragma once

#include <cstdint>

#include "repr/id.hpp"

namespace tailrace::storage {

// 0 is no collection. Ids of builtin relations are fixed in code and lie above 1 << 62.
using CollectionId = Id<struct CollectionTag, std::uint64_t>;

}  // namespace tailrace::storage
