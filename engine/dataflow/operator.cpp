#include "engine/dataflow/operator.hpp"

#include <algorithm>
#include <numeric>

namespace tailrace::engine {

std::vector<std::pair<Timestamp, Batch>> split_by_time(std::span<const Batch> batches) {
  std::vector<Batch> given;
  for (const Batch& batch : batches) {
    if (!batch.empty()) given.push_back(batch);
  }
  std::vector<std::pair<Timestamp, Batch>> result;
  if (given.empty()) return result;
  const Batch all = given.size() == 1 ? given[0] : concatenate(given);
  if (all.times.is_uniform()) {
    result.emplace_back(all.times.uniform_value(), all);
    return result;
  }
  std::vector<std::uint32_t> order(all.rows);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return all.times[a] < all.times[b]; });
  for (std::size_t first = 0; first < order.size();) {
    const Timestamp time = all.times[order[first]];
    std::size_t last = first;
    while (last < order.size() && all.times[order[last]] == time) ++last;
    result.emplace_back(time,
                        gather(all, std::span(order).subspan(first, last - first)).with_time(time));
    first = last;
  }
  return result;
}

}  // namespace tailrace::engine
