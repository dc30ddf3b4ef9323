#include "repr/aclitem.hpp"

#include "repr/scalar_text.hpp"

namespace tailrace {

namespace {

bool is_role(std::string_view text) {
  for (char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter) return false;
  }
  return true;
}

}  // namespace

AclItem parse_acl_item(std::string_view text, const char* type) {
  const std::string_view trimmed = trim_blanks(text);
  const std::size_t equals = trimmed.find('=');
  const std::size_t slash = trimmed.find('/', equals == std::string_view::npos ? 0 : equals);
  if (equals == std::string_view::npos || slash == std::string_view::npos) fail_text(type, text);
  AclItem item;
  item.grantee = trimmed.substr(0, equals);
  item.grantor = trimmed.substr(slash + 1);
  if (!is_role(item.grantee) || item.grantor.empty() || !is_role(item.grantor))
    fail_text(type, text);
  if (item.grantee == "p") item.grantee.clear();
  for (char letter : trimmed.substr(equals + 1, slash - equals - 1)) {
    const std::size_t bit = acl_letters.find(letter);
    if (bit == std::string_view::npos) fail_text(type, text);
    item.privileges |= std::uint64_t{1} << bit;
  }
  return item;
}

std::string to_text(const AclItem& item) {
  std::string text = item.grantee + '=';
  for (std::size_t bit = 0; bit < acl_letters.size(); ++bit) {
    if ((item.privileges >> bit & 1) != 0) text += acl_letters[bit];
  }
  return text + '/' + item.grantor;
}

}  // namespace tailrace
