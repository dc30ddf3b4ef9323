// A part on disk, for reading. Shared by all that may still read it; deleted after the last of them
// let go, if nothing durable names it any more.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>

#include "storage/bloom_filter.hpp"
#include "storage/graveyard.hpp"
#include "storage/part_directory.hpp"
#include "storage/part_file.hpp"

namespace tailrace::storage {

// Thread-safe. What is read often (directory, fences, filter) is loaded at first use and kept.
class Part {
 public:
  // `unnamed`: nothing durable names it yet, as of a staged part.
  Part(std::shared_ptr<Database> database, std::shared_ptr<Graveyard> graveyard, PartInfo info,
       bool unnamed);
  ~Part();
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const PartInfo& info() const { return info_; }
  // Whether the last reader's end is also the part's.
  void set_unnamed(bool unnamed) const { unnamed_ = unnamed; }

  // All throw XX001, 58030.
  const PartDirectory& directory() const;
  const PartFences& fences() const;
  const BloomFilter& bloom_filter() const;  // only of collections with a key

  // Columns of a whole chunk, with times and diffs as they are stored.
  Batch read_chunk(std::size_t chunk, std::span<const int> columns, bool fill_cache = true) const;
  // Of one page of it.
  Batch read_page(std::size_t chunk, std::uint32_t page, std::span<const int> columns) const;

 private:
  std::string get(std::string_view key, bool fill_cache) const;
  Batch read_pages(std::size_t chunk, std::uint32_t first_page, std::uint32_t end_page,
                   std::span<const int> columns, bool fill_cache) const;

  std::shared_ptr<Database> database_;
  std::shared_ptr<Graveyard> graveyard_;
  PartInfo info_;
  mutable std::atomic<bool> unnamed_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<const PartDirectory> directory_;
  mutable std::unique_ptr<const PartFences> fences_;
  mutable std::unique_ptr<const BloomFilter> bloom_filter_;
};
using PartPtr = std::shared_ptr<const Part>;

}  // namespace tailrace::storage
