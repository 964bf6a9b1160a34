/* SPDX-License-Identifier: MIT */
#include "core/glyph.h"

#include <string.h>

#include <unicode/uchar.h>

#include "core/json.h"

int glyph_width(uint32_t code_point)
{
	UChar32 c = (UChar32)code_point;

	if (code_point >= ' ' && code_point < 0x7f)
		return 1;
	switch (u_charType(c)) {
	case U_CONTROL_CHAR:
	case U_FORMAT_CHAR:
	case U_LINE_SEPARATOR:
	case U_PARAGRAPH_SEPARATOR:
	case U_SURROGATE:
	case U_UNASSIGNED:
	case U_PRIVATE_USE_CHAR: return -1;
	case U_NON_SPACING_MARK:
	case U_ENCLOSING_MARK: return 0;
	default: break;
	}
	if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
		return -1;
	switch (u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH)) {
	case U_EA_WIDE:
	case U_EA_FULLWIDTH: return 2;
	default: return 1;
	}
}

size_t glyph_read(const char *p, size_t left, uint32_t *code_point)
{
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	unsigned char c = (unsigned char)*p;
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (len > left || (len > 1 && !utf8_valid(str_make(p, len))))
		return 0;
	*code_point = c & first[len];
	for (size_t i = 1; i < len; i++)
		*code_point = *code_point << 6 | ((unsigned char)p[i] & 0x3f);
	return len;
}

void glyph_copy(char *out, size_t cap, struct str text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len;) {
		uint32_t c = 0;
		size_t bytes = glyph_read(text.p + i, text.len - i, &c);
		bool shown = bytes && glyph_width(c) >= 0;

		if (len + (shown ? bytes : 1) >= cap)
			break;
		if (shown)
			memcpy(out + len, text.p + i, bytes);
		else
			out[len] = ' ';
		len += shown ? bytes : 1;
		i += bytes ? bytes : 1;
	}
	out[len] = '\0';
}
