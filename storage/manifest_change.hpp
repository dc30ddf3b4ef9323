// Changing which parts a collection has, outside of a commit.
#pragma once

#include <functional>
#include <vector>

#include "storage/store_state.hpp"

namespace tailrace::storage {

struct ManifestChange {
  Collection::Replacement replacement;  // of the tail; its manifest is set here
  std::vector<PartPtr> named;           // parts that are from then on the manifest's
  // Edits a copy of the manifest as it is then, or says false to leave it.
  std::function<bool(const Collection::Contents&, Manifest&)> edit;
};

// Makes the change durable, then visible. False: left as it was, or the collection is gone. Throws
// what the disk says; nothing is changed then.
bool change_manifest(StoreState& state, Collection& collection, ManifestChange change);

// The uppers of all derived collections. What a change of manifest takes away from an input, no
// view may need after a restart: so the uppers, which trail the views' holds on it, become durable
// in the same write.
void put_uppers(StoreState& state, rocksdb::WriteBatch& batch);

}  // namespace tailrace::storage
