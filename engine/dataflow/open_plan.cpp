#include "engine/dataflow/open_plan.hpp"

#include <algorithm>
#include <set>

namespace tailrace::engine {

namespace {

constexpr std::uint64_t first_local_id = std::uint64_t(1) << 63;

class Closer {
 public:
  explicit Closer(OpenPlan& result) : result_(result) {}

  PlanPtr close(const PlanPtr& plan) {
    if (const auto* get = std::get_if<plan::GetCollection>(&plan->node)) {
      note({get->collection, std::nullopt, plan->types});
      return plan;
    }
    if (const auto* get = std::get_if<plan::GetLocal>(&plan->node)) {
      if (bound_.count(get->id)) return plan;
      const storage::CollectionId id{first_local_id + get->id.value};
      note({id, get->id, plan->types});
      return get_collection(id, "", plan->types, plan->nullable);
    }
    // A name bound anywhere inside is unique in the plan, so order does not matter.
    if (const auto* let = std::get_if<plan::Let>(&plan->node)) bound_.insert(let->id);
    if (const auto* let = std::get_if<plan::LetRec>(&plan->node))
      bound_.insert(let->ids.begin(), let->ids.end());
    std::vector<PlanPtr> inputs;
    for (const PlanPtr& child : children(*plan)) inputs.push_back(close(child));
    return inputs.empty() ? plan : with_children(*plan, std::move(inputs));
  }

 private:
  void note(OpenPlan::Input input) {
    const bool known = std::any_of(result_.inputs.begin(), result_.inputs.end(),
                                   [&](const auto& other) { return other.id == input.id; });
    if (!known) result_.inputs.push_back(std::move(input));
  }
  OpenPlan& result_;
  std::set<LocalId> bound_;
};

}  // namespace

OpenPlan close_over_locals(const PlanPtr& plan) {
  OpenPlan result;
  result.plan = Closer(result).close(plan);
  return result;
}

bool uses_mz_now(const PlanPtr& plan) {
  if (const auto* node = std::get_if<plan::MapFilterProject>(&plan->node)) {
    if (!node->valid_from.empty() || !node->valid_until.empty()) return true;
  }
  const std::vector<PlanPtr> inputs = children(*plan);
  return std::any_of(inputs.begin(), inputs.end(), uses_mz_now);
}

}  // namespace tailrace::engine
