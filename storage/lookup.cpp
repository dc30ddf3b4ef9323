#include "storage/lookup.hpp"

#include <algorithm>
#include <numeric>

#include "repr/order.hpp"
#include "storage/chunk.hpp"
#include "storage/part_writer.hpp"
#include "storage/staged_lookup.hpp"

namespace tailrace::storage {

namespace {

// Found rows of one source batch: which key each belongs to.
struct Matches {
  std::vector<std::uint32_t> rows;
  std::vector<std::int32_t> keys;
};

class Lookup {
 public:
  Lookup(const std::vector<int>& key, const std::vector<Type>& types, const Batch& keys,
         Timestamp time)
      : columns_(sort_columns_of(key, types.size())),
        keyed_(!key.empty()),
        types_(types),
        keys_(keys),
        range_{0, time + 1} {
    ensure(keys.columns.size() == columns_.size(), "a look-up gives just the key's columns");
    all_columns_.resize(types_.size());
    std::iota(all_columns_.begin(), all_columns_.end(), 0);
    key_columns_.resize(columns_.size());
    std::iota(key_columns_.begin(), key_columns_.end(), 0);
    hash_rows(keys_, key_columns_, Equality::identity, hashes_);
  }

  void in_run(const TailRun& run) {
    if (run.errors || !range_.overlaps(run.min_time, run.max_time)) return;
    const auto& hashes = run.hashes(columns_);
    Matches matches;
    for (std::size_t key = 0; key < keys_.rows; ++key) {
      auto at = std::ranges::lower_bound(hashes, hashes_[key], {},
                                         &std::pair<std::uint64_t, std::uint32_t>::first);
      for (; at != hashes.end() && at->first == hashes_[key]; ++at) {
        if (!equal_rows(*run.batch, at->second, columns_, keys_, key, key_columns_,
                        Equality::identity)) {
          continue;
        }
        matches.rows.push_back(at->second);
        matches.keys.push_back(static_cast<std::int32_t>(key));
      }
    }
    add(*run.batch, matches);
  }

  void in_part(const ManifestEntry& entry) {
    const Part& part = *entry.part;
    if (part.info().errors || !range_.overlaps(entry.min_time(), entry.max_time())) return;
    std::vector<std::size_t> wanted;
    for (std::size_t key = 0; key < keys_.rows; ++key) {
      if (!keyed_ || part.bloom_filter().may_contain(hashes_[key])) wanted.push_back(key);
    }
    if (wanted.empty()) return;

    // Keys ascend, so pages do: each is read once for all its keys. (A cut fence may step back by a
    // page.)
    const PartFences& fences = part.fences();
    std::vector<std::pair<std::size_t, std::size_t>> visits;  // page, key
    for (const std::size_t key : wanted) {
      auto [first, end] = pages_of(fences, key);
      for (std::size_t page = first; page < end; ++page) visits.emplace_back(page, key);
    }
    std::ranges::sort(visits);
    for (std::size_t i = 0; i < visits.size();) {
      const std::size_t page = visits[i].first;
      std::size_t end = i;
      while (end < visits.size() && visits[end].first == page) ++end;
      in_page(entry, fences.chunks[page], fences.pages[page],
              std::span(visits).subspan(i, end - i));
      i = end;
    }
  }

  Batch finish() {
    std::vector<Type> types{TypeId::int4};
    types.insert(types.end(), types_.begin(), types_.end());
    return found_.empty() ? empty_batch(types) : concatenate(found_);
  }

 private:
  // The pages that may hold the key: [first, end).
  std::pair<std::size_t, std::size_t> pages_of(const PartFences& fences, std::size_t key) const {
    const std::size_t pages = fences.first_keys.rows;
    auto order = [&](std::size_t page) {
      return compare_rows(fences.first_keys, page, key_columns_, keys_, key, key_columns_,
                          Equality::identity);
    };
    auto first_not = [&](auto&& before) {
      std::size_t low = 0;
      std::size_t high = pages;
      while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (before(order(middle))) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    };
    std::size_t first = first_not([](int c) { return c < 0; });
    const std::size_t end = first_not([](int c) { return c <= 0; });
    if (first > 0) --first;
    // A cut fence is below the page's first key, which may itself be above ours: then the page
    // before counts.
    while (first > 0 && fences.cut[first]) --first;
    return {first, end};
  }

  void in_page(const ManifestEntry& entry, std::uint32_t chunk, std::uint32_t page,
               std::span<const std::pair<std::size_t, std::size_t>> visits) {
    const Batch page_keys = entry.part->read_page(chunk, page, columns_);
    Matches matches;
    for (const auto& [page_number, key] : visits) {
      auto order = [&](std::size_t row) {
        return compare_rows(page_keys, row, key_columns_, keys_, key, key_columns_,
                            Equality::identity);
      };
      std::size_t low = 0;
      std::size_t high = page_keys.rows;
      while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (order(middle) < 0) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      for (; low < page_keys.rows && order(low) == 0; ++low) {
        matches.rows.push_back(static_cast<std::uint32_t>(low));
        matches.keys.push_back(static_cast<std::int32_t>(key));
      }
    }
    if (matches.rows.empty()) return;
    add(as_entered(entry.part->read_page(chunk, page, all_columns_), entry), matches);
  }

  void add(const Batch& source, const Matches& matches) {
    if (matches.rows.empty()) return;
    Batch found = gather(source, matches.rows);
    ColumnBuilder keys(TypeId::int4, matches.keys.size());
    for (const std::int32_t key : matches.keys) keys.append(key);
    found.columns.insert(found.columns.begin(), keys.finish());
    found = within(found, range_);
    if (found.rows > 0) found_.push_back(std::move(found));
  }

  const std::vector<int> columns_;  // of the collection
  const bool keyed_;
  const std::vector<Type>& types_;
  const Batch& keys_;
  const TimeRange range_;
  std::vector<int> all_columns_;
  std::vector<int> key_columns_;  // the same, of `keys_`
  std::vector<std::uint64_t> hashes_;
  std::vector<Batch> found_;
};

}  // namespace

Batch lookup(const Collection& collection, const Collection::Contents& contents, const Batch& keys,
             Timestamp time) {
  Lookup lookup(collection.key(), collection.types(false), keys, time);
  if (keys.rows > 0) {
    for (const auto& entry : contents.manifest->entries) lookup.in_part(entry);
    for (const auto& run : contents.tail) lookup.in_run(*run);
  }
  return lookup.finish();
}

Batch lookup_staged(const CollectionDescription& description, std::span<const StagedPart> parts,
                    const Batch& keys) {
  const std::vector<Type> types = description.schema.types();
  Lookup lookup(description.key, types, keys, timestamp_max - 1);
  if (keys.rows > 0) {
    for (const StagedPart& part : parts) {
      lookup.in_part({.part = part_of(part), .sign = part.sign});
    }
  }
  return lookup.finish();
}

}  // namespace tailrace::storage
