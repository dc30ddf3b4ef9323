// The writer behind Store::stage.
#pragma once

#include <memory>

#include "storage/part_store.hpp"

namespace tailrace::storage {

std::unique_ptr<PartWriter> make_part_writer(std::shared_ptr<PartStore> parts,
                                             CollectionPtr collection);
// The part that a staged part leases.
PartPtr part_of(const StagedPart& staged);

}  // namespace tailrace::storage
