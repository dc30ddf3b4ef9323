// Bound trees to plans: subqueries and lateral joins become joins on the distinct outer rows that
// they depend on.
#pragma once

#include <cstdint>

#include "engine/binder/bound.hpp"

namespace tailrace::engine {

// `relation` looks at nothing outside. `next_local` numbers the Lets that are made.
PlanPtr decorrelate(const bound::RelationPtr& relation, std::uint32_t& next_local);

}  // namespace tailrace::engine
