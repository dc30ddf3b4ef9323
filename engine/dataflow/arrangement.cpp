#include "engine/dataflow/arrangement.hpp"

#include "engine/cluster/workers.hpp"

namespace tailrace::engine {

namespace {
constexpr std::size_t worth_sharing_rows = 16384;
}

Arrangement::Arrangement(std::vector<int> key, std::size_t partitions) : key_(std::move(key)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(partitions, 1); ++i) spines_.emplace_back(key_);
}

std::uint64_t Arrangement::first_hash(std::size_t i) const {
  // The smallest h with floor(h * partitions / 2^64) == i.
  const auto count = static_cast<unsigned __int128>(spines_.size());
  return static_cast<std::uint64_t>(((static_cast<unsigned __int128>(i) << 64) + count - 1) /
                                    count);
}

void Arrangement::append(const BatchHandle& run, Workers* workers) {
  if (!run) return;
  if (spines_.size() == 1) return spines_[0].append(run);
  const auto append_to = [&](std::size_t i) {
    spines_[i].append(slice_by_hash(run, first_hash(i), first_hash(i + 1)));
  };
  if (workers && run->size() >= worth_sharing_rows)
    return workers->parallel(spines_.size(), append_to);
  for (std::size_t i = 0; i < spines_.size(); ++i) append_to(i);
}

void Arrangement::append_bulk(const Batch& rows) {
  if (spines_.size() == 1) return spines_[0].append_bulk(rows);
  std::vector<std::uint64_t> hashes;
  hash_rows(rows, key_, Equality::sql, hashes);
  std::vector<std::vector<std::uint32_t>> parts(spines_.size());
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    parts[static_cast<std::size_t>((static_cast<unsigned __int128>(hashes[row]) * spines_.size()) >>
                                   64)]
        .push_back(row);
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].empty()) spines_[i].append_bulk(gather(rows, parts[i]));
  }
}

void Arrangement::settle(Workers* workers) {
  if (workers && spines_.size() > 1) {
    return workers->parallel(spines_.size(), [&](std::size_t i) { spines_[i].settle(); });
  }
  for (Spine& spine : spines_) spine.settle();
}

void Arrangement::advance_since(Timestamp since) {
  for (Spine& spine : spines_) spine.advance_since(since);
}

bool Arrangement::empty() const {
  for (const Spine& spine : spines_) {
    if (!spine.empty()) return false;
  }
  return true;
}

std::vector<BatchHandle> Arrangement::runs() const {
  std::vector<BatchHandle> runs;
  for (const Spine& spine : spines_) {
    for (BatchHandle& run : spine.runs()) runs.push_back(std::move(run));
  }
  return runs;
}

std::size_t Arrangement::rows() const {
  std::size_t rows = 0;
  for (const Spine& spine : spines_) rows += spine.rows();
  return rows;
}

std::size_t Arrangement::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Spine& spine : spines_) bytes += spine.memory_bytes();
  return bytes;
}

}  // namespace tailrace::engine
