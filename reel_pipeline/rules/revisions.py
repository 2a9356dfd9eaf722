"""What makes remembered results of another version worthless: the revisions of engines and of other parts."""

REVISIONS = {
    "classifier.embedded": "3",
    "cutout.matting": "3",
    "planner.embedded": "9",
    "voice.espeak_ng": "2",
    "voice.captions_only": "1",
    "voice.file": "1",
    "stills.layered": "5",
    "clips.warp": "3",
    "judge.classical": "12+2da11c18a659+pp-ocrv6-small/1",
    "second_opinion": "1+c6c2a17959ee",
    "adviser.openai_compatible": "1",
    "photo": "1",
    "ocr": "pp-ocrv6-small/1",
    "measures": "4",
    "geometry": "2",
    "mixing": "1",
    "assembly": "2",
}
"""The revision of every engine and of every other part whose results are remembered, written down so that the planner
need not import them. A test compares them, and looks for one that is missing here or keys no asset."""
