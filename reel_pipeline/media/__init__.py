"""Files and arrays, for every room: photos, videos, sound, boxes, letters, and the words and faces in a picture.

What belongs here: how a file is read and written, and what anybody would measure of it in the same way. What it means
for a product or a reel doesn't: that is for the rooms, all of which stand on this one.
"""
