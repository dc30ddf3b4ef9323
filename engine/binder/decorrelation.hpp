// The work behind decorrelate(): lowering under a set of outer rows.
//
// lower(r, outer) gives, for each row of outer, the rows of r that belong to it, with the outer
// row's columns in front. `outer` holds each combination of the outer columns that r uses once.
// What looks at nothing outside is lowered alone and crossed with it, so that only what is
// correlated pays.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "engine/binder/bound.hpp"

namespace tailrace::engine {

struct OuterRows {
  PlanPtr plan;                                        // null: one row without columns
  std::vector<std::pair<bound::Column, int>> columns;  // reference (level from 1) -> column of plan

  int width() const { return plan ? static_cast<int>(plan->types.size()) : 0; }
  int find(const bound::Column& reference) const;
};

class Decorrelation {
 public:
  explicit Decorrelation(std::uint32_t& next_local) : next_local_(next_local) {}

  PlanPtr lower(const bound::RelationPtr& relation, const OuterRows& outer);

 private:
  // Expressions over the columns [own, ...) of `plan`; subqueries append columns to it.
  ScalarPtr lower_expression(const bound::ExpressionPtr& expression, PlanPtr& plan,
                             const OuterRows& outer, int own);
  std::vector<ScalarPtr> lower_expressions(const bound::Expressions& expressions, PlanPtr& plan,
                                           const OuterRows& outer, int own);
  // Keeps the rows for which all are true; EXISTS becomes a semijoin, NOT EXISTS an antijoin.
  PlanPtr lower_filter(PlanPtr plan, const bound::Expressions& predicates, const OuterRows& outer,
                       int own);
  PlanPtr lower_reduce(const bound::Relation& relation, const bound::Reduce& node,
                       const OuterRows& outer);
  PlanPtr lower_top_k(const bound::Relation& relation, const bound::TopK& node,
                      const OuterRows& outer);
  PlanPtr lower_window(const bound::Relation& relation, const bound::WindowPlan& node,
                       const OuterRows& outer);
  PlanPtr lower_call(const bound::CallTable& node, const OuterRows& outer);

  PlanPtr lower_join(const bound::Relation& relation, const bound::Join& node,
                     const OuterRows& outer);
  PlanPtr lower_left_join(const bound::Relation& relation, const bound::Join& node,
                          const OuterRows& outer);
  PlanPtr lower_full_join(const bound::Relation& relation, const bound::Join& node,
                          const OuterRows& outer);
  // Each row of `left` (outer columns, then own ones) with its rows of the right side.
  PlanPtr product(const PlanPtr& left, const bound::RelationPtr& right, bool lateral,
                  const OuterRows& outer);

  // The rows of a relation for each combination of the columns of `plan` that it refers to.
  struct Branch {
    PlanPtr rows;           // key columns, then the relation's
    PlanPtr outer;          // the distinct keys; null: none
    std::vector<int> keys;  // where they are in `plan`
  };
  using UseBranch = std::function<PlanPtr(const PlanPtr& plan, const Branch& branch)>;
  // `plan` is shared between what `use` makes of it and the branch.
  PlanPtr branch(const PlanPtr& plan, const bound::RelationPtr& relation, const OuterRows& outer,
                 int own, const UseBranch& use);
  PlanPtr semijoin(const PlanPtr& plan, const bound::RelationPtr& relation, const OuterRows& outer,
                   int own);
  PlanPtr antijoin(const PlanPtr& plan, const bound::RelationPtr& relation, const OuterRows& outer,
                   int own);
  PlanPtr append_exists(const PlanPtr& plan, const bound::RelationPtr& relation,
                        const OuterRows& outer, int own);
  PlanPtr append_value(const PlanPtr& plan, const bound::RelationPtr& relation,
                       const OuterRows& outer, int own);
  PlanPtr value_of(const bound::RelationPtr& relation, const Branch& branch);

  // What `use` makes of the plan, which may name it several times.
  PlanPtr share(const PlanPtr& plan, const std::function<PlanPtr(const PlanPtr&)>& use);

  std::uint32_t& next_local_;
};

std::vector<int> first_columns(int count);
std::vector<int> without_columns(int count, int first, int removed);
PlanPtr cross_plans(const PlanPtr& left,
                    const PlanPtr& right);  // either may be null: the one row without columns
PlanPtr one_row();
// left's columns, then right's columns from `keys.size()` on, where right's first columns are the
// same, NULLs included, as left's columns `keys`.
PlanPtr join_on_keys(const PlanPtr& left, const PlanPtr& right, const std::vector<int>& keys);

}  // namespace tailrace::engine
