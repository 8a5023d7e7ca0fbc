/* The two inner loops of the evaluation: reading compressed RLE, and intersecting masks.

Plain are compressed strings and run lists. Optional: tpr/evaluation/masks.py does the same in numpy,
where this is not built, and wherever read() returns None, which is for all that is not plain or
broken: its Python says what is wrong with it. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#define MAX_PIXELS (1 << 28) /* as in tpr/data/rle.py */
#define MAX_SHIFT 30         /* six groups of five bits */

typedef struct {
    int64_t row, frame, size; /* size: height * 2^32 + width */
    int64_t begin, end;       /* of its edges */
    int64_t area;
} Mask;

static PyObject *counts_key, *size_key;

/* Height * 2^32 + width of a list of two integers; 0 for anything else. */
static int64_t plain_size(PyObject *value) {
    int64_t sides[2];
    if (value == NULL || !PyList_CheckExact(value) || PyList_GET_SIZE(value) != 2) return 0;
    for (int i = 0; i < 2; i++) {
        PyObject *side = PyList_GET_ITEM(value, i);
        if (!PyLong_CheckExact(side)) return 0;
        int overflow;
        sides[i] = PyLong_AsLongLongAndOverflow(side, &overflow);
        if (overflow || sides[i] < 1 || sides[i] > MAX_PIXELS) return 0;
    }
    return sides[0] * sides[1] > MAX_PIXELS ? 0 : sides[0] << 32 | sides[1];
}

static int is_missing(PyObject *one) {
    return one == Py_None || (PyDict_CheckExact(one) && PyDict_GET_SIZE(one) == 0) ||
           (PyList_CheckExact(one) && PyList_GET_SIZE(one) == 0);
}

/* All symbols are '0' to 'o', and the last one ends a number. */
static int well_formed(const uint8_t *symbol, Py_ssize_t length) {
    uint8_t wrong = 0;
    for (Py_ssize_t i = 0; i < length; i++) wrong |= (uint8_t)(symbol[i] - 48) & 0xc0;
    return length > 0 && !wrong && !((symbol[length - 1] - 48) & 32);
}

/* The rest of a number of several groups; `run` has the first. Moves `symbol` behind it. */
static int64_t long_number(const uint8_t **symbol, int64_t run, int *wrong) {
    uint32_t group;
    int shift = 5;
    do {
        if (shift == MAX_SHIFT) {
            *wrong = 1;
            return 0;
        }
        group = (uint32_t)*(*symbol)++ - 48;
        run |= (int64_t)(group & 31) << shift;
        shift += 5;
    } while (group & 32);
    return group & 16 ? run - ((int64_t)1 << shift) : run;
}

static inline int64_t next_number(const uint8_t **symbol, int *wrong) {
    uint32_t group = (uint32_t)*(*symbol)++ - 48;
    if (group & 32) return long_number(symbol, group & 31, wrong);
    return (int64_t)(group ^ 16) - 16; /* bit 4 is the sign */
}

/* Decodes a string to edges: where each stretch of ones starts and where it ends, in pixels read
column by column. Returns the number of edges, or -1 if the string is not one of that size. */
static int64_t decode(const uint8_t *symbol, Py_ssize_t length, int64_t pixels, int32_t *edges,
                      int64_t *area) {
    const uint8_t *last = symbol + length;
    const int32_t *begin = edges;
    int64_t zeros = 0, ones = 0, covered = 0, beyond; /* negative if a run is, or is too long */
    int wrong = 0;
    if (!well_formed(symbol, length)) return -1;
    int64_t place = next_number(&symbol, &wrong);
    beyond = place | (pixels - place);
    while (symbol < last) {
        /* each is stored as the difference to the one before; the first zeros stand apart */
        ones += next_number(&symbol, &wrong);
        *edges++ = (int32_t)place;
        *edges++ = (int32_t)(place += ones);
        covered += ones;
        beyond |= ones | (pixels - ones);
        if (symbol == last) break; /* which spares the zeros that come last an edge */
        zeros += next_number(&symbol, &wrong);
        place += zeros;
        beyond |= zeros | (pixels - zeros);
    }
    if (wrong || beyond < 0 || place != pixels) return -1;
    *area = covered;
    return edges - begin;
}

/* As decode, of a list of run lengths. */
static int64_t decode_list(PyObject *counts, int64_t pixels, int32_t *edges, int64_t *area) {
    int64_t place = 0, ones = 0;
    Py_ssize_t number = PyList_GET_SIZE(counts);
    for (Py_ssize_t i = 0; i < number; i++) {
        PyObject *item = PyList_GET_ITEM(counts, i);
        int overflow = 0;
        if (!PyLong_CheckExact(item)) return -1;
        int64_t run = PyLong_AsLongLongAndOverflow(item, &overflow);
        if (overflow || run < 0 || run > pixels - place) return -1;
        place += run;
        ones += i & 1 ? run : 0;
        edges[i] = (int32_t)place;
    }
    if (place != pixels) return -1;
    *area = ones;
    return number & ~(Py_ssize_t)1; /* zeros that come last have no edge */
}

/* Symbols of a plain mask's string, or runs of its list, which are at least as many as its edges;
-1 for anything else. */
static Py_ssize_t plain_mask(PyObject *one, Mask *mask, PyObject **counts) {
    if (!PyDict_CheckExact(one)) return -1;
    *counts = PyDict_GetItemWithError(one, counts_key);
    mask->size = plain_size(PyDict_GetItemWithError(one, size_key));
    if (*counts == NULL || mask->size == 0) return -1;
    if (PyList_CheckExact(*counts)) return PyList_GET_SIZE(*counts);
    if (!PyUnicode_CheckExact(*counts) || !PyUnicode_IS_COMPACT_ASCII(*counts)) return -1;
    return PyUnicode_GET_LENGTH(*counts);
}

/* Most edges of all masks together, and how many masks there are; -1 where one is not plain. */
static int64_t count_edges(PyObject *tracks, int64_t *masks) {
    int64_t edges = 0;
    *masks = 0;
    for (Py_ssize_t row = 0; row < PyList_GET_SIZE(tracks); row++) {
        PyObject *track = PyList_GET_ITEM(tracks, row);
        if (!PyList_CheckExact(track)) return -1;
        for (Py_ssize_t frame = 0; frame < PyList_GET_SIZE(track); frame++) {
            PyObject *one = PyList_GET_ITEM(track, frame), *counts;
            Mask mask;
            if (is_missing(one)) continue;
            Py_ssize_t most = plain_mask(one, &mask, &counts);
            if (most < 0) return -1;
            edges += most;
            ++*masks;
        }
    }
    return edges;
}

/* Fills masks and edges; the number of edges, or -1 where a mask is malformed. */
static int64_t decode_all(PyObject *tracks, Mask *mask, int32_t *edges) {
    int64_t used = 0;
    for (Py_ssize_t row = 0; row < PyList_GET_SIZE(tracks); row++) {
        PyObject *track = PyList_GET_ITEM(tracks, row);
        for (Py_ssize_t frame = 0; frame < PyList_GET_SIZE(track); frame++) {
            PyObject *one = PyList_GET_ITEM(track, frame), *counts = NULL;
            if (is_missing(one)) continue;
            Py_ssize_t length = plain_mask(one, mask, &counts);
            mask->row = row, mask->frame = frame, mask->begin = used;
            int64_t pixels = (mask->size >> 32) * (mask->size & 0xffffffff);
            int64_t found =
                PyList_CheckExact(counts)
                    ? decode_list(counts, pixels, edges + used, &mask->area)
                    : decode(PyUnicode_DATA(counts), length, pixels, edges + used, &mask->area);
            if (found < 0) return -1;
            used += found;
            mask++->end = used;
        }
    }
    return used;
}

static PyObject *read_masks(PyObject *module, PyObject *tracks) {
    int64_t number, most;
    if (!PyList_CheckExact(tracks)) Py_RETURN_NONE;
    most = count_edges(tracks, &number);
    if (PyErr_Occurred()) return NULL;
    if (most < 0) Py_RETURN_NONE;
    PyObject *masks = PyBytes_FromStringAndSize(NULL, number * (Py_ssize_t)sizeof(Mask));
    PyObject *edges = PyBytes_FromStringAndSize(NULL, most * (Py_ssize_t)sizeof(int32_t));
    if (masks == NULL || edges == NULL) goto failed;
    int64_t used = decode_all(tracks, (Mask *)PyBytes_AS_STRING(masks),
                              (int32_t *)PyBytes_AS_STRING(edges));
    if (used < 0) {
        Py_DECREF(masks);
        Py_DECREF(edges);
        Py_RETURN_NONE;
    }
    if (_PyBytes_Resize(&edges, used * (Py_ssize_t)sizeof(int32_t)) < 0) goto failed;
    return Py_BuildValue("NN", masks, edges);
failed:
    Py_XDECREF(masks);
    Py_XDECREF(edges);
    return NULL;
}

/* Pixels that two masks of one size share. */
static int64_t shared(const Mask *one, const Mask *other, const int32_t *edges) {
    const int32_t *a = edges + one->begin, *a_end = edges + one->end;
    const int32_t *b = edges + other->begin, *b_end = edges + other->end;
    int64_t pixels = 0;
    if (a == a_end || b == b_end || a_end[-1] <= b[0] || b_end[-1] <= a[0]) return 0;
    for (;;) {
        if (a[1] <= b[0]) {
            if ((a += 2) == a_end) return pixels;
        } else if (b[1] <= a[0]) {
            if ((b += 2) == b_end) return pixels;
        } else {
            int32_t end_a = a[1], end_b = b[1];
            pixels += (end_a < end_b ? end_a : end_b) - (a[0] > b[0] ? a[0] : b[0]);
            int last_a = a + 2 == a_end, last_b = b + 2 == b_end;
            if ((last_a && end_a <= end_b) || (last_b && end_b <= end_a)) return pixels;
            /* as a rule two stretches of one column met, and the next ones are of the next */
            if (!last_a && !last_b && a[2] >= end_b && b[2] >= end_a) {
                a += 2, b += 2;
            } else if (end_a <= end_b) {
                a += 2;
            } else {
                b += 2;
            }
        }
    }
}

/* Shared pixels, and the sum of both areas, over the frames that count for two tracks: those
within both of their lists, but where their sizes differ. */
static void overlap(const Mask *a, const Mask *a_end, const Mask *b, const Mask *b_end,
                    int64_t frames, const int32_t *edges, int64_t found[2]) {
    found[0] = found[1] = 0;
    for (;;) {
        int64_t frame_a = a < a_end && a->frame < frames ? a->frame : INT64_MAX;
        int64_t frame_b = b < b_end && b->frame < frames ? b->frame : INT64_MAX;
        if (frame_a == INT64_MAX && frame_b == INT64_MAX) return;
        if (frame_a == frame_b) {
            if (a->size == b->size) {
                found[0] += shared(a, b, edges);
                found[1] += a->area + b->area;
            }
            a++, b++;
        } else if (frame_a < frame_b) {
            found[1] += a++->area;
        } else {
            found[1] += b++->area;
        }
    }
}

/* overlaps(masks, edges, first, lengths, pairs, found): track i has masks first[i] to first[i + 1]
and a list of lengths[i] frames; pairs are int64 track numbers, two a pair, found int64 likewise. */
static PyObject *overlaps(PyObject *module, PyObject *arguments) {
    Py_buffer masks, edges, first, lengths, pairs, found;
    if (!PyArg_ParseTuple(arguments, "y*y*y*y*y*w*", &masks, &edges, &first, &lengths, &pairs,
                          &found))
        return NULL;
    const Mask *mask = masks.buf;
    const int64_t *begin = first.buf, *length = lengths.buf, *pair = pairs.buf;
    Py_ssize_t number = pairs.len / (Py_ssize_t)(2 * sizeof(int64_t));
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < number; i++) {
        int64_t a = pair[2 * i], b = pair[2 * i + 1];
        int64_t frames = length[a] < length[b] ? length[a] : length[b];
        overlap(mask + begin[a], mask + begin[a + 1], mask + begin[b], mask + begin[b + 1], frames,
                edges.buf, (int64_t *)found.buf + 2 * i);
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&masks);
    PyBuffer_Release(&edges);
    PyBuffer_Release(&first);
    PyBuffer_Release(&lengths);
    PyBuffer_Release(&pairs);
    PyBuffer_Release(&found);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"read", read_masks, METH_O,
     "Masks and edges, as bytes, of a list of tracks' segmentations; None where one is not plain."},
    {"overlaps", overlaps, METH_VARARGS, "Fills in shared pixels and summed areas of pairs."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_masks", NULL, -1, methods,
                                        NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__masks(void) {
    counts_key = PyUnicode_InternFromString("counts");
    size_key = PyUnicode_InternFromString("size");
    if (counts_key == NULL || size_key == NULL) return NULL;
    return PyModule_Create(&definition);
}
