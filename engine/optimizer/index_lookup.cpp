#include "engine/optimizer/index_lookup.hpp"

#include <algorithm>

#include "engine/functions/function.hpp"
#include "engine/optimizer/map_filter.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

// A value for some of the key's scalars; the others are open.
using PartialKey = std::vector<std::optional<Value>>;

// More keys than this are a scan.
constexpr std::size_t keys_max = 10'000;

struct Alternatives {
  std::vector<PartialKey> keys;
  bool exact = true;  // the predicate says nothing beyond the keys
};

std::optional<PartialKey> bind_equation(const ScalarPtr& scalar,
                                        const std::vector<ScalarPtr>& key) {
  const auto* call = std::get_if<scalar::Call>(&scalar->node);
  if (call == nullptr || !call->function->is_operator || call->function->name != "=")
    return std::nullopt;
  for (int side = 0; side < 2; ++side) {
    const ScalarPtr& left = call->arguments[static_cast<std::size_t>(side)];
    const auto* value =
        std::get_if<scalar::Literal>(&call->arguments[static_cast<std::size_t>(1 - side)]->node);
    if (value == nullptr) continue;
    for (std::size_t i = 0; i < key.size(); ++i) {
      if (!equal(left, key[i]) ||
          !call->arguments[static_cast<std::size_t>(1 - side)]->type.same_base(key[i]->type)) {
        continue;
      }
      PartialKey bound(key.size());
      bound[i] = value->value;
      return bound;
    }
  }
  return std::nullopt;
}

// Both hold: nothing if they disagree.
std::optional<PartialKey> combine(const PartialKey& a, const PartialKey& b,
                                  const std::vector<ScalarPtr>& key) {
  PartialKey both = a;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (!b[i]) continue;
    if (both[i] && (is_null(*both[i]) || is_null(*b[i]) ||
                    compare_values(key[i]->type, *both[i], *b[i], Equality::sql) != 0)) {
      return std::nullopt;
    }
    both[i] = b[i];
  }
  return both;
}

std::optional<Alternatives> product(const Alternatives& a, const Alternatives& b,
                                    const std::vector<ScalarPtr>& key) {
  if (a.keys.size() * b.keys.size() > keys_max) return std::nullopt;
  Alternatives both{.exact = a.exact && b.exact};
  for (const PartialKey& left : a.keys) {
    for (const PartialKey& right : b.keys) {
      if (auto combined = combine(left, right, key)) both.keys.push_back(std::move(*combined));
    }
  }
  return both;
}

// What a predicate says about the key: nothing, or that one of the alternatives holds.
std::optional<Alternatives> alternatives_of(const ScalarPtr& predicate,
                                            const std::vector<ScalarPtr>& key) {
  if (auto bound = bind_equation(predicate, key)) return Alternatives{.keys = {std::move(*bound)}};
  if (const auto* all = std::get_if<scalar::And>(&predicate->node)) {
    std::optional<Alternatives> result;
    bool exact = true;
    for (const ScalarPtr& operand : all->operands) {
      const auto one = alternatives_of(operand, key);
      if (!one) {
        exact = false;
      } else {
        result = result ? product(*result, *one, key) : one;
        if (!result) return std::nullopt;
      }
    }
    if (result) result->exact = result->exact && exact;
    return result;
  }
  if (const auto* any = std::get_if<scalar::Or>(&predicate->node)) {
    Alternatives result;
    for (const ScalarPtr& operand : any->operands) {
      const auto one = alternatives_of(operand, key);
      if (!one) return std::nullopt;
      result.exact = result.exact && one->exact;
      result.keys.insert(result.keys.end(), one->keys.begin(), one->keys.end());
      if (result.keys.size() > keys_max) return std::nullopt;
    }
    return result;
  }
  return std::nullopt;
}

bool is_complete(const PartialKey& key) {
  return std::all_of(key.begin(), key.end(), [](const auto& value) { return value.has_value(); });
}

int compare_keys(const std::vector<Value>& a, const std::vector<Value>& b,
                 const std::vector<ScalarPtr>& key) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    const int order = compare_values(key[i]->type, a[i], b[i], Equality::sql);
    if (order != 0) return order;
  }
  return 0;
}

}  // namespace

std::optional<IndexLookup> match_index(const plan::MapFilterProject& node,
                                       const std::vector<ScalarPtr>& key) {
  if (key.empty()) return std::nullopt;
  std::optional<Alternatives> found;
  IndexLookup lookup{.rest = node};
  lookup.rest.predicates.clear();
  for (const ScalarPtr& predicate : node.predicates) {
    const auto one = alternatives_of(inline_maps(node, predicate), key);
    const auto both = found && one ? product(*found, *one, key) : one;
    if (!both) {
      lookup.rest.predicates.push_back(predicate);
      continue;
    }
    if (!one->exact) lookup.rest.predicates.push_back(predicate);
    found = both;
  }
  if (!found || !std::all_of(found->keys.begin(), found->keys.end(), is_complete))
    return std::nullopt;
  for (const PartialKey& partial : found->keys) {
    std::vector<Value> values;
    bool has_null = false;
    for (const auto& value : partial) {
      has_null = has_null || is_null(*value);
      values.push_back(*value);
    }
    if (!has_null) lookup.keys.push_back(std::move(values));
  }
  const auto less = [&](const auto& a, const auto& b) { return compare_keys(a, b, key) < 0; };
  const auto same = [&](const auto& a, const auto& b) { return compare_keys(a, b, key) == 0; };
  std::sort(lookup.keys.begin(), lookup.keys.end(), less);
  lookup.keys.erase(std::unique(lookup.keys.begin(), lookup.keys.end(), same), lookup.keys.end());
  return lookup;
}

}  // namespace tailrace::engine
