#include <algorithm>

#include "engine/optimizer/map_filter.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

// A join without predicates above it, being put together: what each of its old columns is over the
// new inputs.
struct FlatJoin {
  std::vector<PlanPtr> inputs;
  std::vector<std::vector<ScalarPtr>> equivalences;
  std::vector<ScalarPtr> columns;
  int width = 0;

  void add_input(const PlanPtr& input) {
    for (std::size_t i = 0; i < input->types.size(); ++i) {
      columns.push_back(column(width + static_cast<int>(i), input->types[i], input->nullable[i]));
    }
    width += static_cast<int>(input->types.size());
    inputs.push_back(input);
  }
};

bool is_one_row_without_columns(const PlanPtr& plan) {
  const auto* node = std::get_if<plan::Constant>(&plan->node);
  return node != nullptr && !node->error && plan->types.empty() && node->rows->rows == 1 &&
         node->rows->diffs[0] == 1;
}

// Maps that are lifted above a join are computed for the joined rows: only cheap and safe ones are
// worth it.
bool may_lift(const plan::MapFilterProject& node) {
  if (!node.predicates.empty() || !node.valid_from.empty() || !node.valid_until.empty())
    return false;
  return std::all_of(node.maps.begin(), node.maps.end(), [](const ScalarPtr& scalar) {
    return is_infallible(scalar) && !is_volatile(scalar) && size_of(scalar) <= 8;
  });
}

void splice(FlatJoin& flat, const plan::Join& inner, const std::vector<ScalarPtr>& outputs) {
  const int offset = flat.width;
  for (const PlanPtr& input : inner.inputs) {
    flat.width += static_cast<int>(input->types.size());
    flat.inputs.push_back(input);
  }
  for (const auto& scalars : inner.equivalences) {
    flat.equivalences.emplace_back();
    for (const ScalarPtr& scalar : scalars)
      flat.equivalences.back().push_back(shift_columns(scalar, offset));
  }
  for (const ScalarPtr& output : outputs) flat.columns.push_back(shift_columns(output, offset));
}

std::vector<ScalarPtr> identity_of(const PlanPtr& plan) {
  std::vector<ScalarPtr> columns;
  for (std::size_t i = 0; i < plan->types.size(); ++i) {
    columns.push_back(column(static_cast<int>(i), plan->types[i], plan->nullable[i]));
  }
  return columns;
}

int input_of(const ScalarPtr& scalar, const std::vector<PlanPtr>& inputs) {
  std::vector<bool> used;
  collect_columns(scalar, used);
  int found = -1;
  std::size_t first = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t j = first; j < first + inputs[i]->types.size() && j < used.size(); ++j) {
      if (!used[j]) continue;
      if (found >= 0 && found != static_cast<int>(i)) return -2;
      found = static_cast<int>(i);
    }
    first += inputs[i]->types.size();
  }
  return found;
}

// Classes stay over single inputs after maps were lifted into them.
bool classes_are_sound(const FlatJoin& flat) {
  for (const auto& scalars : flat.equivalences) {
    std::vector<int> seen;
    for (const ScalarPtr& scalar : scalars) {
      const int input = input_of(scalar, flat.inputs);
      if (input < 0 || std::find(seen.begin(), seen.end(), input) != seen.end()) return false;
      seen.push_back(input);
    }
  }
  return true;
}

// Classes that share a scalar are one, as long as each input has one member.
void merge_classes(FlatJoin& flat) {
  auto& classes = flat.equivalences;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t j = i + 1; j < classes.size();) {
      const bool shares =
          std::any_of(classes[i].begin(), classes[i].end(), [&](const ScalarPtr& a) {
            return std::any_of(classes[j].begin(), classes[j].end(),
                               [&](const ScalarPtr& b) { return equal(a, b); });
          });
      std::vector<ScalarPtr> both = classes[i];
      bool fits = shares;
      for (const ScalarPtr& scalar : classes[j]) {
        if (std::any_of(both.begin(), both.end(),
                        [&](const ScalarPtr& a) { return equal(a, scalar); }))
          continue;
        const int input = input_of(scalar, flat.inputs);
        fits = fits && std::none_of(both.begin(), both.end(), [&](const ScalarPtr& a) {
                 return input_of(a, flat.inputs) == input;
               });
        both.push_back(scalar);
      }
      if (fits) {
        classes[i] = std::move(both);
        classes.erase(classes.begin() + static_cast<std::ptrdiff_t>(j));
      } else {
        ++j;
      }
    }
  }
}

PlanPtr flatten(const PlanPtr& plan) {
  const auto* node = std::get_if<plan::Join>(&plan->node);
  if (node == nullptr) return plan;
  FlatJoin flat;
  bool changed = false;
  for (const PlanPtr& input : node->inputs) {
    if (is_one_row_without_columns(input)) {
      changed = true;
      continue;
    }
    if (const auto* inner = std::get_if<plan::Join>(&input->node)) {
      splice(flat, *inner, identity_of(input));
      changed = true;
      continue;
    }
    const auto* mapped = std::get_if<plan::MapFilterProject>(&input->node);
    const auto* inner = mapped == nullptr ? nullptr : std::get_if<plan::Join>(&mapped->input->node);
    if (inner != nullptr && may_lift(*mapped)) {
      splice(flat, *inner, inlined_outputs(*mapped));
      changed = true;
      continue;
    }
    flat.add_input(input);
  }
  const std::size_t inner_classes = flat.equivalences.size();
  for (const auto& scalars : node->equivalences) {
    if (scalars.size() < 2) {
      changed = true;
      continue;
    }
    flat.equivalences.emplace_back();
    for (const ScalarPtr& scalar : scalars)
      flat.equivalences.back().push_back(substitute(scalar, flat.columns));
  }
  if (!changed && inner_classes == 0 && node->inputs.size() != 1) return plan;
  if (!classes_are_sound(flat)) return plan;
  merge_classes(flat);
  if (flat.inputs.empty()) {
    Batch batch;
    batch.rows = 1;
    return constant(std::move(batch), {});
  }
  PlanPtr joined =
      flat.inputs.size() == 1 ? flat.inputs.front() : join(flat.inputs, flat.equivalences);
  plan::MapFilterProject top{.input = joined};
  const int width = static_cast<int>(joined->types.size());
  for (const ScalarPtr& scalar : flat.columns) {
    if (const auto* reference = std::get_if<scalar::Column>(&scalar->node)) {
      top.projection.push_back(reference->index);
    } else {
      top.projection.push_back(width + static_cast<int>(top.maps.size()));
      top.maps.push_back(scalar);
    }
  }
  return make_plan(std::move(top));
}

}  // namespace

PlanPtr flatten_joins(const PlanPtr& plan) {
  return rewrite_plan(plan, flatten);
}

}  // namespace tailrace::engine
