#include <algorithm>

#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

PlanPtr fuse(const PlanPtr& plan) {
  const auto* outer = std::get_if<plan::TopK>(&plan->node);
  if (outer == nullptr) return plan;
  if (!outer->limit && outer->offset == 0) return outer->input;
  const auto* inner = std::get_if<plan::TopK>(&outer->input->node);
  if (inner == nullptr || inner->group_key != outer->group_key ||
      inner->order_by != outer->order_by)
    return plan;
  plan::TopK both = *inner;
  both.offset = inner->offset + outer->offset;
  if (inner->limit) both.limit = *inner->limit - std::min(*inner->limit, outer->offset);
  if (outer->limit) both.limit = std::min(*outer->limit, both.limit.value_or(*outer->limit));
  both.expected_group_size = std::max(inner->expected_group_size, outer->expected_group_size);
  return top_k(std::move(both));
}

}  // namespace

PlanPtr fuse_top_k(const PlanPtr& plan) {
  return rewrite_plan(plan, fuse);
}

}  // namespace tailrace::engine
