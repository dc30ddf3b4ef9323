#include "engine/optimizer/optimizer.hpp"

#include "engine/optimizer/rules.hpp"

namespace tailrace::engine {

namespace {

class Pipeline {
 public:
  Pipeline(PlanPtr plan, const OptimizeOptions& options)
      : plan_(std::move(plan)), options_(options) {}

  template <class Rule>
  void apply(std::string_view name, const Rule& rule) {
    PlanPtr changed = rule(plan_);
    if (changed == plan_) return;
    plan_ = std::move(changed);
    any_change_ = true;
    if (options_.trace) options_.trace(name, plan_);
  }

  // Rules that make room for each other.
  bool round() {
    any_change_ = false;
    apply("fold_constants",
          [&](const PlanPtr& plan) { return fold_constants(plan, options_.session); });
    apply("inline_lets", inline_lets);
    apply("fuse_maps", fuse_maps);
    apply("propagate_empty", propagate_empty);
    apply("flatten_joins", flatten_joins);
    apply("push_predicates", push_predicates);
    apply("flatten_unions", flatten_unions);
    apply("fuse_top_k", fuse_top_k);
    return any_change_;
  }

  PlanPtr take() { return std::move(plan_); }

 private:
  PlanPtr plan_;
  const OptimizeOptions& options_;
  bool any_change_ = false;
};

// Rules settle in two or three rounds; the bound keeps two that disagree from going on for ever.
constexpr int rounds_max = 6;

}  // namespace

PlanPtr optimize(PlanPtr plan, const OptimizeOptions& options) {
  Pipeline pipeline(std::move(plan), options);
  for (int round = 0; round < rounds_max && pipeline.round(); ++round) {
  }
  pipeline.apply("elide_reductions", elide_reductions);
  pipeline.apply("push_projections", push_projections);
  for (int round = 0; round < 2 && pipeline.round(); ++round) {
  }
  if (options.maintained) pipeline.apply("split_temporal_filters", split_temporal_filters);
  return pipeline.take();
}

}  // namespace tailrace::engine
