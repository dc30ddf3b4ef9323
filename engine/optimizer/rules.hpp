// The rules of the optimizer: plan in, equivalent plan out; the same object where there is nothing
// to do.
#pragma once

#include "engine/optimizer/optimizer.hpp"
#include "engine/plan/plan.hpp"

namespace tailrace::engine {

// Scalars without columns become literals (or errors); AND, OR, CASE and COALESCE lose what is
// decided; a literal in a comparison stands on the right. With a session, stable functions count as
// constant.
PlanPtr fold_constants(const PlanPtr& plan, const SessionContext* session);
ScalarPtr fold_scalar(const ScalarPtr& scalar, const SessionContext* session);

// Map/Filter/Project on top of each other become one, without unused or trivial maps; over a
// constant, a constant.
PlanPtr fuse_maps(const PlanPtr& plan);

// What reads an empty constant is empty; unions lose empty inputs.
PlanPtr propagate_empty(const PlanPtr& plan);

// Lets that are used once, or that only name something cheap, are replaced by their value.
PlanPtr inline_lets(const PlanPtr& plan);

// Predicates move towards the inputs: through joins, unions, group keys, ...; equations between the
// inputs of a join become its equivalences, and predicates on one member of an equivalence hold for
// the others.
PlanPtr push_predicates(const PlanPtr& plan);

// Joins of joins become one n-ary join.
PlanPtr flatten_joins(const PlanPtr& plan);

// Unions of unions become one, double negation disappears, and a plan and its negation cancel.
PlanPtr flatten_unions(const PlanPtr& plan);

// Each node gives only the columns that those above it need.
PlanPtr push_projections(const PlanPtr& plan);

// DISTINCT of what is distinct already, and GROUP BY of what has one row a group, go away.
PlanPtr elide_reductions(const PlanPtr& plan);

// TopK on TopK of the same groups and order is one; a TopK without limit and offset is none.
PlanPtr fuse_top_k(const PlanPtr& plan);

// Predicates on mz_now() become valid_from / valid_until. Throws for those of another form, and for
// mz_now() anywhere else.
PlanPtr split_temporal_filters(const PlanPtr& plan);

}  // namespace tailrace::engine
