/* SPDX-License-Identifier: MIT */
#include "store/members.h"

void members_add(struct buf *out, int64_t *last, int64_t id)
{
	uint64_t delta = (uint64_t)(id - *last);

	for (; delta > 0x7f; delta >>= 7)
		buf_addc(out, (char)((delta & 0x7f) | 0x80));
	buf_addc(out, (char)delta);
	*last = id;
}

bool members_next(struct str *left, int64_t *last)
{
	uint64_t delta = 0;

	for (unsigned shift = 0; left->len > 0 && shift < 63; shift += 7) {
		unsigned char byte = (unsigned char)left->p[0];

		*left = str_make(left->p + 1, left->len - 1);
		delta |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		*last += (int64_t)delta;
		return true;
	}
	return false;
}

bool members_hold(struct str members, int64_t id)
{
	int64_t one = 0;

	while (members_next(&members, &one) && one < id)
		;
	return one == id;
}
