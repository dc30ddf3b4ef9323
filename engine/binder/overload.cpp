#include "engine/binder/overload.hpp"

#include <algorithm>

#include "engine/binder/type_rules.hpp"

namespace tailrace::engine {

namespace {

using Kind = Parameter::Kind;

bool is_unknown(const Type& type) {
  return type.id() == TypeId::unknown;
}

bool binds_element(Kind kind) {
  return kind == Kind::anyelement || kind == Kind::anyarray || kind == Kind::anylist ||
         kind == Kind::anymap || kind == Kind::anyrange || kind == Kind::anynonarray;
}

bool binds_compatible(Kind kind) {
  return kind == Kind::anycompatible || kind == Kind::anycompatiblearray ||
         kind == Kind::anycompatiblelist || kind == Kind::anycompatiblemap;
}

// The container that a placeholder stands in, or unknown if it is the bare type.
TypeId container_of(Kind kind) {
  switch (kind) {
    case Kind::anyarray:
    case Kind::anycompatiblearray:
      return TypeId::array;
    case Kind::anylist:
    case Kind::anycompatiblelist:
      return TypeId::list;
    case Kind::anymap:
    case Kind::anycompatiblemap:
      return TypeId::map;
    case Kind::anyrange:
      return TypeId::range;
    default:
      return TypeId::unknown;
  }
}

Type inside(TypeId container, Type element) {
  switch (container) {
    case TypeId::array:
      return Type::array_of(std::move(element));
    case TypeId::list:
      return Type::list_of(std::move(element));
    case TypeId::map:
      return Type::map_of(std::move(element));
    case TypeId::range:
      return Type::range_of(std::move(element));
    default:
      return element;
  }
}

// One signature against the arguments.
struct Fit {
  std::size_t index = 0;
  bool viable = false;
  bool unknown_polymorphic = false;
  int exact = 0;
  int preferred = 0;  // exact or of the preferred type
  std::vector<Type> types;
  Type result;
};

const Parameter& parameter_at(const Signature& signature, std::size_t i) {
  return signature.takes[std::min(i, signature.takes.size() - 1)];
}

bool arity_fits(const Signature& signature, std::size_t count) {
  if (!signature.variadic) return signature.takes.size() == count;
  return count + 1 >= signature.takes.size();
}

// What the placeholders of a signature stand for, found from the arguments.
class Placeholders {
 public:
  bool add(Kind kind, const Type& argument) {
    const bool compatible = binds_compatible(kind);
    std::optional<Type>& bound = compatible ? compatible_ : element_;
    (compatible ? uses_compatible_ : uses_element_) = true;
    if (is_unknown(argument)) return true;
    const TypeId container = container_of(kind);
    if (container != TypeId::unknown && argument.id() != container) return false;
    if (kind == Kind::anynonarray && argument.id() == TypeId::array) return false;
    const Type& found = container == TypeId::unknown ? argument : argument.element();
    if (!bound) {
      bound = found;
      return true;
    }
    const Type both[] = {*bound, found};
    bound = common_type(both);
    return bound.has_value();
  }
  bool undetermined() const {
    return (uses_element_ && !element_) || (uses_compatible_ && !compatible_);
  }
  bool all_determined_as_text() {
    if (uses_compatible_ && !compatible_) compatible_ = Type(TypeId::text);
    return !(uses_element_ && !element_);
  }
  Type stands_for(Kind kind) const {
    const std::optional<Type>& bound = binds_compatible(kind) ? compatible_ : element_;
    return inside(container_of(kind), bound.value_or(Type(TypeId::unknown)));
  }

 private:
  std::optional<Type> element_;
  std::optional<Type> compatible_;
  bool uses_element_ = false;
  bool uses_compatible_ = false;
};

Fit fit(const Signature& signature, std::size_t index, std::span<const Type> arguments) {
  Fit result{.index = index};
  if (!arity_fits(signature, arguments.size())) return result;
  Placeholders placeholders;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Kind kind = parameter_at(signature, i).kind;
    if ((binds_element(kind) || binds_compatible(kind)) && !placeholders.add(kind, arguments[i]))
      return result;
  }
  if (!placeholders.all_determined_as_text()) {
    result.unknown_polymorphic = true;
    return result;
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter = parameter_at(signature, i);
    const Type& argument = arguments[i];
    if (parameter.kind == Kind::any) {
      result.types.push_back(is_unknown(argument) ? Type(TypeId::text) : argument);
      continue;
    }
    if (parameter.kind == Kind::record) {
      if (argument.id() != TypeId::record) return result;
      result.types.push_back(argument);
      ++result.exact;
      ++result.preferred;
      continue;
    }
    const Type wanted =
        parameter.kind == Kind::type ? parameter.type : placeholders.stands_for(parameter.kind);
    if (is_unknown(argument)) {
      result.types.push_back(wanted);
    } else if (argument.same_base(wanted)) {
      result.types.push_back(argument);
      // A placeholder matches anything: a plain type that matches is more exact.
      if (parameter.kind == Kind::type) {
        ++result.exact;
        ++result.preferred;
      }
    } else if (casts_implicitly(argument, wanted)) {
      result.types.push_back(wanted);
      if (is_preferred(wanted) && category_of(wanted) == category_of(argument)) ++result.preferred;
    } else {
      return result;
    }
  }
  result.viable = true;
  if (signature.result_type != nullptr) {
    result.result = signature.result_type(result.types);
  } else if (signature.gives != nullptr) {
    result.result = signature.gives->kind == Kind::type
                        ? signature.gives->type
                        : placeholders.stands_for(signature.gives->kind);
  }
  return result;
}

template <class Score>
void keep_best(std::vector<Fit>& fits, const Score& score) {
  int best = 0;
  for (const Fit& fit : fits) best = std::max(best, score(fit));
  std::erase_if(fits, [&](const Fit& fit) { return score(fit) < best; });
}

// PostgreSQL's rule for unknown arguments: strings if any candidate takes one there, else the one
// category that all agree on; then the preferred type of the category.
void keep_by_category(std::vector<Fit>& fits, std::span<const Type> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!is_unknown(arguments[i])) continue;
    TypeCategory category = category_of(fits.front().types[i]);
    bool agree = true;
    bool takes_string = false;
    for (const Fit& fit : fits) {
      agree = agree && category_of(fit.types[i]) == category;
      takes_string = takes_string || category_of(fit.types[i]) == TypeCategory::string;
    }
    if (takes_string) {
      category = TypeCategory::string;
    } else if (!agree) {
      return;
    }
    std::erase_if(fits, [&](const Fit& fit) { return category_of(fit.types[i]) != category; });
    keep_best(fits, [&](const Fit& fit) { return is_preferred(fit.types[i]) ? 1 : 0; });
  }
}

Overload chosen(Fit fit) {
  return {.outcome = Overload::Outcome::chosen,
          .index = fit.index,
          .argument_types = std::move(fit.types),
          .result = std::move(fit.result)};
}

// The candidate that takes exactly these types, if there is one.
std::optional<Fit> exact_fit(std::span<const Signature> signatures,
                             const std::vector<Type>& types) {
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    Fit candidate = fit(signatures[i], i, types);
    if (candidate.viable && candidate.exact == static_cast<int>(types.size())) return candidate;
  }
  return std::nullopt;
}

}  // namespace

Overload choose_overload(std::span<const Signature> signatures, std::span<const Type> arguments,
                         bool is_operator) {
  const std::vector<Type> types(arguments.begin(), arguments.end());
  // 1. Exactly these types.
  if (auto exact = exact_fit(signatures, types)) return chosen(std::move(*exact));
  // 2. Operators: a lone unknown operand is of the other's type; two numbers meet on the ladder.
  if (is_operator && types.size() == 2) {
    std::vector<Type> assumed = types;
    if (is_unknown(types[0]) != is_unknown(types[1])) {
      assumed[is_unknown(types[0]) ? 0 : 1] = is_unknown(types[0]) ? types[1] : types[0];
    } else if (types[0].is_number() && types[1].is_number()) {
      assumed.assign(2, common_type(types).value_or(Type()));
    }
    if (auto exact = exact_fit(signatures, assumed)) {
      Fit actual = fit(signatures[exact->index], exact->index, types);
      if (actual.viable) return chosen(std::move(actual));
    }
  }
  // 3. Those that the arguments reach by implicit casts, the closest first.
  std::vector<Fit> fits;
  bool unknown_polymorphic = false;
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    Fit candidate = fit(signatures[i], i, types);
    unknown_polymorphic = unknown_polymorphic || candidate.unknown_polymorphic;
    if (candidate.viable) fits.push_back(std::move(candidate));
  }
  if (fits.empty()) {
    return {.outcome = unknown_polymorphic ? Overload::Outcome::unknown_polymorphic
                                           : Overload::Outcome::none};
  }
  if (fits.size() > 1) keep_best(fits, [](const Fit& fit) { return fit.exact; });
  if (fits.size() > 1) keep_best(fits, [](const Fit& fit) { return fit.preferred; });
  if (fits.size() > 1) {
    const std::vector<Fit> before = fits;
    keep_by_category(fits, arguments);
    if (fits.empty()) fits = before;
  }
  // 4. Unknown arguments are of the one type that all known ones have.
  if (fits.size() > 1) {
    std::optional<Type> known;
    bool same = true;
    for (const Type& type : types) {
      if (is_unknown(type)) continue;
      same = same && (!known || known->same_base(type));
      known = type;
    }
    if (known && same) {
      if (auto exact = exact_fit(signatures, std::vector<Type>(types.size(), *known))) {
        Fit actual = fit(signatures[exact->index], exact->index, types);
        if (actual.viable) return chosen(std::move(actual));
      }
    }
  }
  if (fits.size() > 1) return {.outcome = Overload::Outcome::ambiguous};
  return chosen(std::move(fits.front()));
}

}  // namespace tailrace::engine
