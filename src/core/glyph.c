/* SPDX-License-Identifier: MIT */
#include "core/glyph.h"

#include <unicode/uchar.h>

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
