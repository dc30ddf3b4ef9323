// One row per group: the best of those offered so far. Not for several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "repr/batch.hpp"

namespace tailrace::engine {

class Winners {
 public:
  // Whether row a beats row b.
  using Beats =
      std::function<bool(const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b)>;
  Winners(std::vector<Type> types, Beats beats)
      : types_(std::move(types)), beats_(std::move(beats)) {}

  // Row rows[i] of the batch for group groups[i].
  void offer(const Batch& batch, std::span<const std::uint32_t> rows,
             std::span<const std::uint32_t> groups);
  void merge(const Winners& other, std::span<const std::uint32_t> to_groups);

  bool has(std::size_t group) const { return group < refs_.size() && refs_[group].segment != none; }
  const Batch& batch_of(std::size_t group) const { return segments_[refs_[group].segment]; }
  std::size_t row_of(std::size_t group) const { return refs_[group].row; }
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  struct Ref {
    std::uint32_t segment = none;
    std::uint32_t row = 0;
  };
  void compact();

  std::vector<Type> types_;
  Beats beats_;
  std::vector<Ref> refs_;
  std::vector<Batch> segments_;
  std::size_t rows_kept_ = 0;  // in all segments, those overtaken included
};

}  // namespace tailrace::engine
