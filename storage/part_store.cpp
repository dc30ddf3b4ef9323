#include "storage/part_store.hpp"

#include <numeric>

#include "repr/order.hpp"

namespace tailrace::storage {

std::unique_ptr<PartFile> PartStore::create(const Collection& collection, bool errors,
                                            Timestamp consolidated_to) {
  return std::make_unique<PartFile>(
      database_, PartId{next_.fetch_add(1)},
      PartFileOptions{.collection = collection.id(),
                      .errors = errors,
                      .types = collection.types(errors),
                      .key = errors ? std::vector<int>() : collection.key(),
                      .consolidated_to = consolidated_to});
}

std::vector<PartPtr> PartStore::ingest(std::vector<std::unique_ptr<PartFile>> files) {
  std::vector<std::string> paths;
  std::vector<PartInfo> infos;
  for (const auto& file : files) {
    infos.push_back(file->finish());
    paths.push_back(file->path());
  }
  ingest_part_files(*database_, paths);
  std::vector<PartPtr> parts;
  for (const PartInfo& info : infos) {
    parts.push_back(std::make_shared<const Part>(database_, graveyard_, info, true));
  }
  return parts;
}

Batch consolidate_in_order(const Batch& batch, const std::vector<int>& full_order,
                           Timestamp advance_to) {
  if (std::ranges::is_sorted(full_order)) return consolidate(batch, advance_to);
  std::vector<int> back(full_order.size());
  for (std::size_t i = 0; i < full_order.size(); ++i) {
    back[static_cast<std::size_t>(full_order[i])] = static_cast<int>(i);
  }
  return consolidate(batch.project(full_order), advance_to).project(back);
}

}  // namespace tailrace::storage
