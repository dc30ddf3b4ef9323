#include "engine/operators/ranking.hpp"

namespace tailrace::engine {

MorselsPtr open_top_k(const plan::TopK& node, Run& run) {
  const Ranking ranking{.group_key = node.group_key,
                        .order_by = node.order_by,
                        .limit = node.limit,
                        .offset = node.offset};
  return morsels_of({rank_all(open(node.input, run), node.input->types, ranking, run)}, run);
}

}  // namespace tailrace::engine
