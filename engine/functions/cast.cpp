// The cast matrix (reference/sql-language.md 1.4): which function converts one type to another, and
// where it may.
#include <deque>
#include <map>
#include <string>

#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

namespace {

std::string family_name(TypeId id) {
  switch (id) {
    case TypeId::array:
      return "array";
    case TypeId::list:
      return "list";
    case TypeId::map:
      return "map";
    case TypeId::record:
      return "record";
    case TypeId::range:
      return "range";
    default:
      return catalog_name(id);
  }
}

class CastMatrix {
 public:
  CastMatrix() {
    for (auto* family : {number_casts, text_casts, date_casts, oid_casts, catalog_casts,
                         jsonb_casts, nested_casts}) {
      for (Cast& cast : family()) add(std::move(cast));
    }
  }

  // The entry tried in the weakest context wins, so that an assignment finds its own rules before
  // those of an explicit cast; an explicit cast prefers an entry of its own.
  const Function* find(TypeId from, TypeId to, CastContext context) const {
    const auto found = casts_.find({from, to});
    if (found == casts_.end()) return nullptr;
    const Function* best = nullptr;
    for (const Cast* cast : found->second) {
      if (cast->context > context) continue;
      if (best == nullptr || context == CastContext::explicit_) best = &cast->function;
    }
    return best;
  }

 private:
  void add(Cast cast) {
    names_.push_back(family_name(cast.from) + "_to_" + family_name(cast.to));
    cast.function.name = names_.back();
    cast.function.doc = "Converts the value.";
    entries_.push_back(std::move(cast));
    const Cast& kept = entries_.back();
    casts_[{kept.from, kept.to}].push_back(&kept);
  }

  std::deque<std::string> names_;
  std::deque<Cast> entries_;
  std::map<std::pair<TypeId, TypeId>, std::vector<const Cast*>> casts_;
};

const CastMatrix& matrix() {
  static const CastMatrix instance;
  return instance;
}

void relabel_kernel(KernelCall& call) {
  const Operand& operand = call[0];
  if (!operand.constant || call.rows() == 1) {
    const std::size_t rows = operand.column->size();
    ColumnBuilder builder(call.result_type(), rows);
    builder.append_range(*operand.column, 0, rows);
    call.give(builder.finish());
  } else {
    call.give(Column::repeat(call.result_type(), operand.value(0), call.rows()));
  }
}

const Function& relabel() {
  static const Function function{.name = "relabel",
                                 .takes = {Parameter::Kind::anyelement},
                                 .gives = Parameter::Kind::anyelement,
                                 .infallible = true,
                                 .doc = "The same value under a type that says less about it.",
                                 .kernel = relabel_kernel};
  return function;
}

bool elements_castable(const Type& from, const Type& to, CastContext context) {
  return from == to || find_cast(from, to, context) != nullptr;
}

}  // namespace

const Function* find_cast(const Type& from, const Type& to, CastContext context) {
  // Dropping a modifier changes no value.
  if (from.same_base(to) && (from == to || to == to.without_modifier()) &&
      from.id() != TypeId::record) {
    return &relabel();
  }
  const auto nested = [](TypeId id) {
    return id == TypeId::array || id == TypeId::list || id == TypeId::map;
  };
  if (nested(from.id()) && nested(to.id())) {
    const CastContext inner =
        from.id() == TypeId::map ? CastContext::implicit : CastContext::explicit_;
    if (!elements_castable(from.element(), to.element(), inner)) return nullptr;
  }
  if (from.id() == TypeId::record && to.id() == TypeId::record) {
    if (from.fields().size() != to.fields().size()) return nullptr;
    for (std::size_t i = 0; i < from.fields().size(); ++i) {
      if (!elements_castable(from.fields()[i].type, to.fields()[i].type, context)) return nullptr;
    }
  }
  return matrix().find(from.id(), to.id(), context);
}

}  // namespace tailrace::engine
