// Random plans over random histories, from a seed.
#pragma once

#include <random>

#include "tests/engine/dataflow/graph_run.hpp"

namespace tailrace::engine::test {

class RandomPlan {
 public:
  // `wide`: also what the naive evaluation does not know.
  explicit RandomPlan(std::uint64_t seed, bool wide = false) : random_(seed), wide_(wide) {}

  // Collections 1 to 3: (int4, int4, float8, text), values from few, NULLs among them.
  static const std::vector<Type>& collection_types();
  // Rows inserted and deleted at times 1 to `last`; no count is ever negative.
  Histories histories(Timestamp last, std::size_t changes);
  PlanPtr plan(int depth);
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

 private:
  PlanPtr leaf();
  PlanPtr map_filter(PlanPtr input);
  PlanPtr join_of(int depth);
  PlanPtr reduce_of(PlanPtr input);
  PlanPtr top_k_of(PlanPtr input);
  PlanPtr window_of(PlanPtr input);
  PlanPtr flat_map_of(PlanPtr input);
  PlanPtr closure_of(PlanPtr input);
  ScalarPtr column_of(const Plan& plan, TypeId type);  // null: none
  Value value(const Type& type);

  std::mt19937_64 random_;
  bool wide_;
  std::uint32_t next_local_ = 1;
};

}  // namespace tailrace::engine::test
