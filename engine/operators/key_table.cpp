#include "engine/operators/key_table.hpp"

#include <cstring>

namespace tailrace::engine {

namespace {

constexpr std::size_t slots_min = 1024;
constexpr std::size_t prefetch_distance = 8;
// Segments below this are joined with their neighbours.
constexpr std::size_t segment_rows = 16 << 10;

}  // namespace

bool has_variants(const Type& type) {
  switch (type.id()) {
    case TypeId::float4:
    case TypeId::float8:
    case TypeId::bpchar:
    case TypeId::jsonb:
      return true;
    case TypeId::array:
    case TypeId::list:
    case TypeId::map:
    case TypeId::range:
      return has_variants(type.element());
    case TypeId::record:
      for (const RecordField& field : type.fields()) {
        if (has_variants(field.type)) return true;
      }
      return false;
    default:
      return false;
  }
}

KeyTable::KeyTable(std::vector<Type> types, Equality equality)
    : types_(std::move(types)), equality_(equality), slots_(slots_min) {
  for (std::size_t i = 0; i < types_.size(); ++i) {
    columns_.push_back(static_cast<int>(i));
    const bool exact = equality == Equality::identity || !has_variants(types_[i]);
    const Layout layout = layout_of(types_[i]);
    if (!exact || layout == Layout::numeric) {
      comparisons_.push_back(Comparison::general);
    } else {
      comparisons_.push_back(layout == Layout::bytes ? Comparison::bytes : Comparison::fixed);
    }
  }
}

std::size_t KeyTable::memory_bytes() const {
  std::size_t bytes = slots_.capacity() * sizeof(std::uint32_t) + refs_.capacity() * sizeof(Ref) +
                      group_hashes_.capacity() * sizeof(std::uint64_t);
  for (const Batch& segment : segments_) bytes += segment.memory_bytes();
  return bytes;
}

bool KeyTable::same_key(const Batch& a, std::size_t row_a, const Batch& b,
                        std::size_t row_b) const {
  for (std::size_t i = 0; i < comparisons_.size(); ++i) {
    const Column& x = *a.columns[i];
    const Column& y = *b.columns[i];
    if (comparisons_[i] == Comparison::general) {
      if (!equal_values(x, row_a, y, row_b, equality_)) return false;
      continue;
    }
    if (x.is_null(row_a) != y.is_null(row_b)) return false;  // the values of NULLs are equal bytes
    if (comparisons_[i] == Comparison::bytes) {
      if (x.bytes(row_a) != y.bytes(row_b)) return false;
    } else {
      const std::size_t width = width_of(x.layout());
      const std::byte* const p = x.fixed_bytes().data() + row_a * width;
      const std::byte* const q = y.fixed_bytes().data() + row_b * width;
      const bool equal =
          width == 8 ? std::memcmp(p, q, 8) == 0
                     : (width == 4 ? std::memcmp(p, q, 4) == 0 : std::memcmp(p, q, width) == 0);
      if (!equal) return false;
    }
  }
  return true;
}

void KeyTable::find_or_add(const Batch& keys, std::vector<std::uint32_t>& groups) {
  hash_rows(keys, columns_, equality_, hashes_);
  groups.resize(keys.rows);
  const auto first_new = static_cast<std::uint32_t>(refs_.size());
  const auto pending =
      static_cast<std::uint32_t>(segments_.size());  // the segment that `keys` itself stands for
  for (std::size_t row = 0; row < keys.rows; ++row) {
    if (row + prefetch_distance < keys.rows) {
      __builtin_prefetch(&slots_[hashes_[row + prefetch_distance] & (slots_.size() - 1)]);
    }
    const std::uint64_t hash = hashes_[row];
    std::size_t slot = hash & (slots_.size() - 1);
    for (;; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == 0) {
        const auto group = static_cast<std::uint32_t>(refs_.size());
        slots_[slot] = group + 1;
        refs_.push_back({pending, static_cast<std::uint32_t>(row)});
        group_hashes_.push_back(hash);
        groups[row] = group;
        if (refs_.size() * 2 > slots_.size()) grow();
        break;
      }
      const std::uint32_t group = slots_[slot] - 1;
      if (group_hashes_[group] != hash) continue;
      const Ref ref = refs_[group];
      if (same_key(keys, row, ref.segment == pending ? keys : segments_[ref.segment], ref.row)) {
        groups[row] = group;
        break;
      }
    }
  }
  if (refs_.size() > first_new) keep_new(keys, first_new);
}

// What the new groups refer to in `keys` becomes a segment of its own.
void KeyTable::keep_new(const Batch& keys, std::uint32_t first_new) {
  std::vector<std::uint32_t> rows;
  rows.reserve(refs_.size() - first_new);
  for (std::size_t group = first_new; group < refs_.size(); ++group)
    rows.push_back(refs_[group].row);
  Batch bare = keys;
  bare.times = PerRow<Timestamp>::uniform(0);
  bare.diffs = PerRow<Diff>::uniform(1);
  Batch added = rows.size() == keys.rows ? bare : gather(bare, rows);
  std::uint32_t begin = first_new;
  // Joined with earlier ones as long as those are not larger, so that each key is copied O(log n)
  // times.
  while (!segments_.empty() && segments_.back().rows <= added.rows &&
         segments_.back().rows + added.rows <= segment_rows) {
    begin -= static_cast<std::uint32_t>(segments_.back().rows);
    const Batch both[] = {std::move(segments_.back()), std::move(added)};
    added = concatenate(both);
    segments_.pop_back();
  }
  const auto segment = static_cast<std::uint32_t>(segments_.size());
  for (std::uint32_t group = begin; group < refs_.size(); ++group)
    refs_[group] = {segment, group - begin};
  segments_.push_back(std::move(added));
}

void KeyTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (std::size_t group = 0; group < group_hashes_.size(); ++group) {
    std::size_t slot = group_hashes_[group] & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint32_t>(group) + 1;
  }
}

Batch KeyTable::keys() const {
  if (segments_.empty()) return empty_batch(types_);
  return concatenate(segments_);
}

}  // namespace tailrace::engine
