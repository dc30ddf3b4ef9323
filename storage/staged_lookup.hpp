// Rows by key in parts that no commit has named yet: what a writer must know of its own bulk writes.
#pragma once

#include <span>

#include "storage/store.hpp"

namespace tailrace::storage {

// As Store::lookup, on these parts of a collection with this description (which has a key). Times of the result mean
// nothing.
Batch lookup_staged(const CollectionDescription& description, std::span<const StagedPart> parts,
                    const Batch& keys);

}  // namespace tailrace::storage
