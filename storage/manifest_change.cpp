#include "storage/manifest_change.hpp"

#include <algorithm>

#include "storage/byte_codec.hpp"
#include "storage/collection_record.hpp"
#include "storage/fault_point.hpp"
#include "storage/keys.hpp"

namespace tailrace::storage {

void put_uppers(StoreState& state, rocksdb::WriteBatch& batch) {
  for (const auto& collection : state.collections.all()) {
    if (collection->kind() != CollectionKind::derived) continue;
    std::string upper;
    put_u64(upper, collection->upper());
    check(batch.Put(state.database->meta(), upper_key(collection->id()), upper), "compact");
  }
}

namespace {

bool names(const Manifest& manifest, const PartPtr& part) {
  return std::ranges::any_of(manifest.entries,
                             [&](const ManifestEntry& entry) { return entry.part == part; });
}

}  // namespace

bool change_manifest(StoreState& state, Collection& collection, ManifestChange change) {
  std::lock_guard lock(state.manifest_mutex);
  if (collection.dropped()) return false;
  Collection::Contents contents = collection.contents();
  const ManifestPtr before = contents.manifest;
  Manifest manifest = *before;
  if (!change.edit(contents, manifest)) return false;
  contents.manifest = std::make_shared<const Manifest>(std::move(manifest));
  contents.folded_through = std::max(contents.folded_through, change.replacement.folded_through);
  contents.compacted_to = std::max(contents.compacted_to, change.replacement.compacted_to);

  rocksdb::WriteBatch batch;
  put_uppers(state, batch);
  check(
      batch.Put(state.database->meta(), collection_key(collection.id()),
                encode_collection_record(collection.description(), collection.created(), contents)),
      "compact");
  fault_point("manifest_before_write");
  check(state.database->write(batch), "compact");
  // From here on the change may come back after a crash: what it names stays.
  for (const auto& part : change.named) part->set_unnamed(false);
  fault_point("manifest_written");
  // Old parts are deleted at once, and that survives a power failure: so must the change.
  check(state.database->sync(), "compact");

  change.replacement.manifest = contents.manifest;
  collection.replace(std::move(change.replacement));
  for (const auto& entry : before->entries) {
    if (!names(*contents.manifest, entry.part)) entry.part->set_unnamed(true);
  }
  fault_point("manifest_published");
  return true;
}

}  // namespace tailrace::storage
