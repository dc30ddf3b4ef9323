#include "engine/operators/winners.hpp"

#include <algorithm>

namespace tailrace::engine {

void Winners::offer(const Batch& batch, std::span<const std::uint32_t> rows,
                    std::span<const std::uint32_t> groups) {
  const auto pending = static_cast<std::uint32_t>(segments_.size());
  std::vector<std::uint32_t> touched;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (groups[i] >= refs_.size())
      refs_.resize(std::max<std::size_t>(groups[i] + 1, refs_.size() * 2));
    Ref& ref = refs_[groups[i]];
    if (ref.segment != none) {
      const Batch& held = ref.segment == pending ? batch : segments_[ref.segment];
      if (!beats_(batch, rows[i], held, ref.row)) continue;
    }
    if (ref.segment != pending) touched.push_back(groups[i]);
    ref = {pending, rows[i]};
  }
  if (touched.empty()) return;
  std::vector<std::uint32_t> kept;
  kept.reserve(touched.size());
  for (const std::uint32_t group : touched) {
    Ref& ref = refs_[group];
    kept.push_back(ref.row);
    ref.row = static_cast<std::uint32_t>(kept.size() - 1);
  }
  segments_.push_back(gather(batch, kept));
  rows_kept_ += kept.size();
  if (rows_kept_ > 2 * refs_.size() + 4096 || segments_.size() > 4096) compact();
}

void Winners::merge(const Winners& other, std::span<const std::uint32_t> to_groups) {
  // Segment by segment, the rows that still win there.
  std::vector<std::vector<std::uint32_t>> rows(other.segments_.size());
  std::vector<std::vector<std::uint32_t>> groups(other.segments_.size());
  for (std::size_t group = 0; group < std::min(other.refs_.size(), to_groups.size()); ++group) {
    const Ref& ref = other.refs_[group];
    if (ref.segment == none) continue;
    rows[ref.segment].push_back(ref.row);
    groups[ref.segment].push_back(to_groups[group]);
  }
  for (std::size_t segment = 0; segment < rows.size(); ++segment) {
    if (!rows[segment].empty()) offer(other.segments_[segment], rows[segment], groups[segment]);
  }
}

// Drops the rows that were overtaken.
void Winners::compact() {
  BatchBuilder builder(types_);
  for (Ref& ref : refs_) {
    if (ref.segment == none) continue;
    const auto row = static_cast<std::uint32_t>(builder.size());
    builder.append_from(segments_[ref.segment], ref.row, 0, 1);
    ref = {0, row};
  }
  segments_.clear();
  segments_.push_back(builder.finish());
  rows_kept_ = segments_.front().rows;
}

std::size_t Winners::memory_bytes() const {
  std::size_t bytes = refs_.capacity() * sizeof(Ref);
  for (const Batch& segment : segments_) bytes += segment.memory_bytes();
  return bytes;
}

}  // namespace tailrace::engine
